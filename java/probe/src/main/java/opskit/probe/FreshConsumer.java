package opskit.probe;

import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Starts a brand-new consumer and waits for its first new message, one that was sent after its start.
 *
 * <p>Where several wait at once, as in a fault, each has a group of its own, or they would share out the queues; the
 * groups are used again and again, since brokers keep every group that they ever saw.
 */
final class FreshConsumer implements Operation {
    private static final long LIMIT_SECONDS = 55;

    private final Seat.Plan plan;
    private final String name;
    private final String group;
    private final String tag;
    private final BitSet groupsInUse = new BitSet();
    private final BooleanSupplier over;

    /** over: nothing is sent any more, so waiting is vain. */
    FreshConsumer(Seat.Plan plan, String name, String group, String tag, BooleanSupplier over) {
        this.plan = plan;
        this.name = name;
        this.group = group;
        this.tag = tag;
        this.over = over;
    }

    @Override
    public void run(Op op) throws Exception {
        int slot = take();
        CountDownLatch arrived = new CountDownLatch(1);
        Seat seat = new Seat(plan, name + "-" + op.seq).withConsumer(
            slot == 0 ? group : group + "-" + slot, tag, ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET, ends(op, arrived));
        try {
            op.via = seat.instance().nameserver();
            seat.start();
            await(op, arrived);
        } catch (Exception error) {
            op.fail(Outcome.FAIL, error); // before the seat is closed, which may take seconds
        } finally {
            seat.close();
            release(slot);
        }
    }

    private MessageListenerConcurrently ends(Op op, CountDownLatch arrived) {
        return (messages, context) -> {
            for (MessageExt message : messages) {
                Letter letter = Letter.of(message, tag);
                if (letter != null && letter.sentNanos > op.startNanos) {
                    op.ok();
                    arrived.countDown();
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    private void await(Op op, CountDownLatch arrived) throws InterruptedException {
        for (int second = 0; !arrived.await(1, TimeUnit.SECONDS); second++) {
            if (over.getAsBoolean()) {
                op.end(Outcome.INDETERMINATE, "sending ended before the first message");
                return;
            }
            if (second >= LIMIT_SECONDS) {
                op.end(Outcome.FAIL, "no new message in " + LIMIT_SECONDS + " s");
                return;
            }
        }
    }

    private synchronized int take() {
        int slot = groupsInUse.nextClearBit(0);
        groupsInUse.set(slot);
        return slot;
    }

    private synchronized void release(int slot) {
        groupsInUse.clear(slot);
    }
}
