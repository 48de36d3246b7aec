"""Settings of gunicorn, which reads this file when it is started in this folder."""

# By default gunicorn trusts the headers of every connection from this machine or through a socket. If a proxy then
# passes on X-Forwarded-Proto as the client wrote it, a request by plain HTTP counts as HTTPS. Only the setting PROXIES
# says whether a proxy is trusted, and Django reads the header itself.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""
# The control socket would be in the home folder, and could be used to control the server.
control_socket_disable = True
