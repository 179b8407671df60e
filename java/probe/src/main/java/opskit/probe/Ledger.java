package opskit.probe;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What was attempted, what became of it, and what arrived. Messages are numbered from 0.
 *
 * <p>Times are System.nanoTime() values, given by the caller. Safe for use by many threads.
 */
final class Ledger {
    private final BitSet acknowledged = new BitSet();
    private final BitSet failed = new BitSet();
    private final BitSet indeterminate = new BitSet();
    private final BitSet received = new BitSet();
    private int attempted;
    private int duplicates;
    private int strangers;
    private long worstLatency;
    private long lastReceipt;
    private long widestGap;

    /** Sending begins: the first gap is counted from here. */
    synchronized void begin(long now) {
        lastReceipt = now;
    }

    /** The number of the next message. */
    synchronized int attempt() {
        return attempted++;
    }

    /** A send ended. latency: nanoseconds that it took; only acknowledged sends count for the worst. */
    synchronized void sent(int message, Outcome outcome, long latency) {
        indeterminate.clear(message);
        switch (outcome) {
            case OK:
                acknowledged.set(message);
                worstLatency = Math.max(worstLatency, latency);
                break;
            case FAIL:
                failed.set(message);
                break;
            default:
                indeterminate.set(message);
        }
    }

    /** A message arrived, perhaps once more. */
    synchronized void received(int message, long now) {
        widestGap = Math.max(widestGap, now - lastReceipt);
        lastReceipt = now;
        if (message < 0 || message >= attempted) {
            strangers++;
        } else if (received.get(message)) {
            duplicates++;
        } else {
            received.set(message);
        }
    }

    /** Sending has ended: a gap that is still open counts; sends that have not returned are indeterminate. */
    synchronized void close(long now) {
        widestGap = Math.max(widestGap, now - lastReceipt);
        BitSet open = new BitSet();
        open.set(0, attempted);
        open.andNot(acknowledged);
        open.andNot(failed);
        indeterminate.or(open);
    }

    synchronized int attempted() {
        return attempted;
    }

    synchronized int acknowledged() {
        return acknowledged.cardinality();
    }

    synchronized int received() {
        return received.cardinality();
    }

    synchronized int duplicates() {
        return duplicates;
    }

    /** Acknowledged, but never received. */
    int lost() {
        return lost(Integer.MAX_VALUE);
    }

    /** The same of the messages with a lower number than this. */
    synchronized int lost(int below) {
        BitSet lost = (BitSet) acknowledged.clone();
        lost.andNot(received);
        return (int) lost.stream().filter(message -> message < below).count();
    }

    /** Received although the send failed, or never sent by this run. */
    synchronized int unexpected() {
        BitSet unexpected = (BitSet) received.clone();
        unexpected.and(failed);
        return unexpected.cardinality() + strangers;
    }

    /** Counts so far. */
    synchronized Map<String, Object> progress() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("attempted", attempted);
        counts.put("acknowledged", acknowledged.cardinality());
        counts.put("failed", failed.cardinality());
        counts.put("indeterminate", indeterminate.cardinality());
        counts.put("received", received.cardinality());
        return counts;
    }

    /** The account of the whole run. */
    synchronized Map<String, Object> total() {
        Map<String, Object> counts = progress();
        counts.put("duplicates", duplicates);
        counts.put("lost", lost());
        counts.put("unexpected", unexpected());
        counts.put("max_gap_ms", TimeUnit.NANOSECONDS.toMillis(widestGap));
        counts.put("worst_latency_ms", TimeUnit.NANOSECONDS.toMillis(worstLatency));
        return counts;
    }
}
