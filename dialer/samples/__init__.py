"""Sample lists that ship with the product: made-up debtors with the dirt that real lists have."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DEBTORS_CSV: Final = FOLDER / "debtors.csv"
DEBTORS_XLSX: Final = FOLDER / "debtors.xlsx"
DNC_CSV: Final = FOLDER / "dnc.csv"
