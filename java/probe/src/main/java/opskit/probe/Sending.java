package opskit.probe;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** The numbered messages of one client: sends them and enters in the ledger what became of them. */
final class Sending {
    private final String topic;
    private final String tag;
    private final Ledger ledger;

    Sending(String topic, String tag, Ledger ledger) {
        this.topic = topic;
        this.tag = tag;
        this.ledger = ledger;
    }

    /** Over all brokers: the client chooses. */
    Operation overAll(Post post) {
        return op -> send(op, post.seat().producer(), null, 1);
    }

    /** To these queues, one after the other. */
    Operation inTurns(Post post, List<MessageQueue> queues) {
        AtomicInteger turn = new AtomicInteger();
        return op -> send(op, post.seat().producer(), queues.get(turn.getAndIncrement() % queues.size()), 1);
    }

    /**
     * Sends one message and ends the op. Where it fails it is sent again, up to so many attempts, as an application
     * would do; the broker may then hold it more than once.
     */
    void send(Op op, DefaultMQProducer producer, MessageQueue queue, int attempts) {
        op.message = ledger.attempt();
        Outcome worst = Outcome.FAIL;
        for (int left = attempts - 1; ; left--) {
            try {
                Message message = Letter.message(topic, tag, op);
                SendResult result = queue == null ? producer.send(message) : producer.send(message, queue);
                Outcome outcome = Outcome.of(result.getSendStatus());
                enter(op, outcome);
                op.end(outcome, outcome == Outcome.OK ? "" : result.getSendStatus().toString());
                return;
            } catch (Exception error) {
                worst = Outcome.of(error) == Outcome.FAIL ? worst : Outcome.INDETERMINATE;
                if (left == 0) {
                    enter(op, worst);
                    op.fail(worst, error);
                    return;
                }
            }
        }
    }

    private void enter(Op op, Outcome outcome) {
        ledger.sent(op.message, outcome, System.nanoTime() - op.startNanos);
    }
}
