"""Pure functions from numbers to figures in the colours of ``theme.LIGHT``. No Streamlit."""
