package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private static final long MS = 1_000_000;

    private final Ledger ledger = new Ledger();

    /** One message a letter: o acknowledged, f failed, i indeterminate, p still pending. */
    private void sent(String outcomes) {
        for (char outcome : outcomes.toCharArray()) {
            int number = ledger.attempt();
            if (outcome != 'p') {
                ledger.sent(number, outcome == 'o' ? Outcome.OK : outcome == 'f' ? Outcome.FAIL
                    : Outcome.INDETERMINATE, number * MS);
            }
        }
    }

    private void received(int... numbers) {
        for (int number : numbers) {
            ledger.received(number, 0);
        }
    }

    private void totals(String expected) {
        Map<String, Object> total = ledger.total();
        StringBuilder found = new StringBuilder();
        for (String name : new String[] {"attempted", "acknowledged", "failed", "indeterminate", "received",
            "duplicates", "lost", "unexpected"}) {
            found.append(found.length() > 0 ? " " : "").append(total.get(name));
        }
        assertEquals(expected, found.toString());
    }

    @Test
    void everythingAcknowledgedAndReceivedIsNeitherLostNorUnexpected() {
        sent("ooo");
        received(2, 0, 1);
        totals("3 3 0 0 3 0 0 0");
    }

    @Test
    void anAcknowledgedMessageThatNeverArrivesIsLost() {
        sent("ooo");
        received(1);
        totals("3 3 0 0 1 0 2 0");
    }

    @Test
    void aSecondDeliveryIsADuplicateAndNotASecondMessage() {
        sent("o");
        received(0, 0, 0);
        totals("1 1 0 0 1 2 0 0");
    }

    @Test
    void aFailedMessageThatArrivesIsUnexpected() {
        sent("ff");
        received(1);
        totals("2 0 2 0 1 0 0 1");
    }

    @Test
    void anIndeterminateMessageMayArriveOrNot() {
        sent("ii");
        received(0);
        totals("2 0 0 2 1 0 0 0");
    }

    @Test
    void aMessageThatWasNeverSentIsUnexpected() {
        sent("o");
        received(0, 7, -1);
        totals("1 1 0 0 1 0 0 2");
    }

    @Test
    void aSendThatHasNotReturnedAtTheEndIsIndeterminate() {
        sent("opf");
        ledger.close(0);
        totals("3 1 1 1 0 0 1 0");
    }

    @Test
    void anAnswerAfterTheEndSettlesAPendingSend() {
        sent("p");
        ledger.close(0);
        ledger.sent(0, Outcome.OK, MS);
        totals("1 1 0 0 0 0 1 0");
    }

    @Test
    void theWorstLatencyIsThatOfAnAcknowledgedSend() {
        sent("ooif");
        assertEquals(1L, ledger.total().get("worst_latency_ms"));
    }

    @Test
    void gapsCountFromTheStartOfSendingToItsEnd() {
        ledger.begin(100 * MS);
        sent("oo");
        ledger.received(0, 130 * MS);
        assertEquals(30L, ledger.total().get("max_gap_ms"));
        ledger.close(190 * MS);
        assertEquals(60L, ledger.total().get("max_gap_ms"));
        ledger.received(1, 210 * MS);
        assertEquals(80L, ledger.total().get("max_gap_ms"));
    }
}
