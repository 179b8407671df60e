package opskit.probe;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.common.message.Message;

/** A message of one client and run: its tag names them, so that brokers filter; its body holds its number and send. */
final class Letter {
    final int number;
    /** When its send started, as of System.nanoTime() of this JVM. */
    final long sentNanos;

    private Letter(int number, long sentNanos) {
        this.number = number;
        this.sentNanos = sentNanos;
    }

    static Message message(String topic, String tag, Op op) {
        String body = op.message + " " + op.startNanos;
        return new Message(topic, tag, tag + "-" + op.message, body.getBytes(StandardCharsets.US_ASCII));
    }

    /** Null for a message of another tag: brokers filter by the hash of a tag. */
    static Letter of(Message message, String tag) {
        if (!tag.equals(message.getTags())) {
            return null;
        }
        String[] words = new String(message.getBody(), StandardCharsets.US_ASCII).split(" ");
        return new Letter(Integer.parseInt(words[0]), Long.parseLong(words[1]));
    }
}
