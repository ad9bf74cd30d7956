"""The words of the product as frozen values: what a ticket, an account, a proposal and a ruling are."""
