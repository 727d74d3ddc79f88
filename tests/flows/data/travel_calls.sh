# Login
curl -X POST http://localhost/api/auth/login \
  -H "Content-Type: application/json" \
  -d '{"username":"admin","password":"admin123"}'

# Use token in subsequent requests
curl -H "Authorization: Bearer YOUR_TOKEN" http://localhost/api/customers

# Get customers
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/customers?page=1&limit=20&search=jan"

# Add customer
curl -X POST http://localhost/api/customers \
  -H "Authorization: Bearer TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "bebsy_customer_id": "CUST001",
    "name": "Jan Jansen",
    "email": "jan@example.com"
  }'

# Import customers (CSV)
curl -X POST http://localhost/api/customers/import \
  -H "Authorization: Bearer TOKEN" \
  -F "file=@customers.csv"

# Create referral
curl -X POST http://localhost/api/referrals \
  -H "Content-Type: application/json" \
  -d '{
    "referrer_code": "ABC12345",
    "new_customer_email": "newcustomer@example.com",
    "booking_reference": "BOOK001"
  }'

# Update referral status
curl -X PUT http://localhost/api/referrals/REFERRAL_ID/status \
  -H "Authorization: Bearer TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"status": "approved"}'

# Bulk update referrals
curl -X POST http://localhost/api/referrals/bulk-update \
  -H "Authorization: Bearer TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "referralIds": ["id1", "id2"],
    "status": "approved"
  }'

# Dashboard statistics
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/dashboard/stats?period=30"

# Conversion rates
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/analytics/conversion-rate?period=90"

# Revenue impact
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/analytics/revenue-impact"

# Export customers (JSON)
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/export/customers?format=json" -o customers.json

# Export referrals (CSV)
curl -H "Authorization: Bearer TOKEN" "http://localhost/api/export/referrals?format=csv" -o referrals.csv
