print("realtime-gateway")
