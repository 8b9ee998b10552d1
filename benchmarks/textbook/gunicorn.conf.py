import os

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 3
control_socket_disable = True
