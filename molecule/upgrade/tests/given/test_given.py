"""What stands before the first step: messages, half of them consumed, on each broker."""

testinfra_hosts = ["ansible://brokers"]


def test_each_broker_keeps_a_hundred_messages_of_which_a_group_has_read_half(kept):
    for topic in (kept.topic, "molecule-traffic"):
        kept.create(topic)
    for number in range(100):
        kept.send(f"message {number}")
    kept.commit(50)
    assert len(kept.messages()) == 100
