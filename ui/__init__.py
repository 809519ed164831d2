"""The pages: Streamlit widgets around the layers, one file per page."""
