"""The second nameserver: its own port, and no TLS."""

testinfra_hosts = ["ansible://ns2"]


def test_it_refuses_tls_and_speaks_plain_text(server):
    own = server(port=29876)
    assert not own.speaks_tls()
    assert own.brokers()


def test_it_keeps_the_settings_that_it_was_not_told(server):
    assert server(port=29876).settings()["orderMessageEnable"] == "false"
