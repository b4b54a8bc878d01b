"""The vendor's HTTP operations, in the vendor's shapes. One room for each family of the contract."""
