print("auth-service")
