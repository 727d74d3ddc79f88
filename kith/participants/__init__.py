"""People and companies enrolled in an organization's programs.

Words: participant (on screen the tenant's own word: customer, client, student), referral code, import,
export. Always true: one participant per e-mail address and per external id in a tenant; phone and visa
number are stored encrypted; every participant has one personal code, unique on the installation.
"""
