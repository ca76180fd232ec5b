"""Pure functions from numbers to Plotly figures in the colours of ``theme.LIGHT``. No Streamlit."""
