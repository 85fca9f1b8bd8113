"""The parts of ``tocsin.app``: what an installation is started with, how messages leave it, and its addresses."""
