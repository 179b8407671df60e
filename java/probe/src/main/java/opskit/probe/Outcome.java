package opskit.probe;

import java.util.Locale;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.remoting.exception.RemotingConnectException;
import org.apache.rocketmq.remoting.exception.RemotingException;

/**
 * What is known of one send. INDETERMINATE: the broker may or may not hold the message.
 *
 * <p>A send that the client retried is judged by its last attempt, the only one that its exception tells of; should an
 * earlier attempt have been stored all the same, the ledger shows the message as unexpected.
 */
enum Outcome {
    OK, FAIL, INDETERMINATE;

    /** Broker's answer SYSTEM_ERROR: also given where it lost track of the write (RemotingSysResponseCode 4.8.0). */
    private static final int SYSTEM_ERROR = 1;

    /** As the history has it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Any status but SEND_OK means: on the master, but not yet flushed or replicated as its settings ask for. */
    static Outcome of(SendStatus status) {
        return status == SendStatus.SEND_OK ? OK : INDETERMINATE;
    }

    static Outcome of(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof MQBrokerException) {
                return ((MQBrokerException) cause).getResponseCode() == SYSTEM_ERROR ? INDETERMINATE : FAIL;
            }
            if (cause instanceof InterruptedException
                || cause instanceof RemotingException && !(cause instanceof RemotingConnectException)) {
                return INDETERMINATE;
            }
        }
        return FAIL;
    }
}
