"""What audiences are told: templates rendered from frozen values."""
