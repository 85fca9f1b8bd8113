"""Web Push to a browser or an installed web app."""
