"""Who brought whom, with which evidence.

Words: referral link, click, referral, referrer, referred, conversion. Always true: a referred person has
at most one live referral per program (that row is the lock), a booking counts once per tenant, nobody
refers themselves, and a click is stored before the visitor is sent on.
"""
