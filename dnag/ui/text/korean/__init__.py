"""The words of the app in Korean."""
