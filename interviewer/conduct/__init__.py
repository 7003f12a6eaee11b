"""The one data path of an interview: assess, decide, speak, record."""
