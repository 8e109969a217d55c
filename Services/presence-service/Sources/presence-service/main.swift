print("presence-service")
