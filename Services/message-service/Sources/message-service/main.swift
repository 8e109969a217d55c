print("message-service")
