"""Local stand-ins of services on other machines: they keep state and refuse what the services refuse."""
