package opskit.probe;

import static opskit.probe.Outcome.FAIL;
import static opskit.probe.Outcome.INDETERMINATE;
import static opskit.probe.Outcome.OK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.remoting.exception.RemotingConnectException;
import org.apache.rocketmq.remoting.exception.RemotingSendRequestException;
import org.apache.rocketmq.remoting.exception.RemotingTimeoutException;
import org.apache.rocketmq.remoting.exception.RemotingTooMuchRequestException;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private static final int SYSTEM_ERROR = 1;
    private static final int SYSTEM_BUSY = 2;

    @Test
    void onlySendOkIsAcknowledged() {
        assertEquals(OK, Outcome.of(SendStatus.SEND_OK));
        for (SendStatus status : SendStatus.values()) {
            assertEquals(status == SendStatus.SEND_OK ? OK : INDETERMINATE, Outcome.of(status));
        }
    }

    @Test
    void aTimeoutLeavesOpenWhetherTheBrokerHoldsTheMessage() {
        assertEquals(INDETERMINATE, Outcome.of(new RemotingTimeoutException("127.0.0.1:1", 3000)));
        assertEquals(INDETERMINATE, Outcome.of(new RemotingTooMuchRequestException("sendDefaultImpl call timeout")));
        assertEquals(INDETERMINATE, Outcome.of(new RemotingSendRequestException("127.0.0.1:1")));
        assertEquals(INDETERMINATE, Outcome.of(new InterruptedException()));
    }

    @Test
    void aRefusalIsAFailure() {
        assertEquals(FAIL, Outcome.of(new RemotingConnectException("127.0.0.1:1")));
        assertEquals(FAIL, Outcome.of(new MQBrokerException(SYSTEM_BUSY, "broker busy")));
        assertEquals(FAIL, Outcome.of(new MQClientException("No route info of this topic", null)));
    }

    @Test
    void aBrokerThatLostTrackLeavesItOpen() {
        assertEquals(INDETERMINATE, Outcome.of(new MQBrokerException(SYSTEM_ERROR, "unknown error")));
    }

    @Test
    void retriesAreJudgedByTheirLastAttempt() {
        assertEquals(INDETERMINATE, Outcome.of(
            new MQClientException("Send [3] times, still failed", new RemotingTimeoutException("127.0.0.1:1", 3000))));
        assertEquals(FAIL, Outcome.of(
            new MQClientException("Send [3] times, still failed", new RemotingConnectException("127.0.0.1:1"))));
    }
}
