"""Action items: owners, due dates, what a finding became, and whether it got done."""
