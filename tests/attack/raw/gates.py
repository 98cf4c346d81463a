"""How the gates of these tests are set up, and how they must end."""

# One thread: what a connection still does behind its last answer is done before the next one's request.
SETTINGS = {"POSTERN_THREADS": "1", "POSTERN_ADMIN_LISTEN": "off", "POSTERN_PUBLIC_PATHS": "/health",
            "POSTERN_TOKEN_PATHS": "/shared/**", "POSTERN_UPSTREAM_IDLE_TIMEOUT": "60s"}


def stop(gate):
    code = gate.stop()
    assert (code, gate.errors) == (0, "")
