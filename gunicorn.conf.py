"""What gunicorn reads when it is started in this folder."""

# By default gunicorn believes whoever connects from this machine, or through a socket, that a request came by HTTPS:
# a proxy that passes on X-Forwarded-Proto as the client wrote it would turn plain HTTP into HTTPS. Whether a proxy is
# to be believed is said once, by PROXIES, and Django reads the header itself.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""
# It would open a socket in the home folder through which the server can be controlled.
control_socket_disable = True
