"""Streamlit with nothing in it: the floor for start-up times."""

import streamlit as st

st.write("ready")
