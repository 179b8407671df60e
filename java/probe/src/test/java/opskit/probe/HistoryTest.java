package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.remoting.exception.RemotingTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an operation: counted by its path, and one record. */
class HistoryTest {
    @TempDir
    java.nio.file.Path folder;

    private interface Play {
        void on(Path path);
    }

    private List<String> records(Play play) throws Exception {
        java.nio.file.Path file = folder.resolve("history.gz");
        History history = new History(file.toString());
        play.on(new Path("h/4.8.0/shared", "produce", history));
        history.close();
        history.check();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
            new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
            List<String> records = lines.lines().collect(Collectors.toList());
            assertEquals(history.records(), records.size());
            return records;
        }
    }

    @Test
    void anOperationIsOneRecord() throws Exception {
        String record = records(path -> {
            Op op = path.begin();
            op.message = 7;
            op.via = "10.0.0.1:9876";
            op.end(Outcome.FAIL, "\"refused\"");
        }).get(0);
        assertTrue(record.matches("\\{\"kind\":\"op\",\"client\":\"h/4.8.0/shared\",\"path\":\"produce\",\"seq\":0,"
            + "\"start_ns\":\\d+,\"end_ns\":\\d+,\"wall_ns\":\\d+,"
            + "\"outcome\":\"fail\",\"error\":\"\\\\\"refused\\\\\"\",\"message\":7,\"via\":\"10.0.0.1:9876\"\\}"), record);
    }

    @Test
    void anOperationEndsOnce() throws Exception {
        List<String> records = records(path -> {
            Op op = path.begin();
            op.ok();
            op.end(Outcome.FAIL, "late");
            assertEquals(1, path.progress().get("ok"));
            assertEquals(0, path.progress().get("failed"));
        });
        assertEquals(1, records.size());
        assertFalse(records.get(0).contains("error"));
    }

    @Test
    void whatHasNotReturnedIsIndeterminate() throws Exception {
        List<String> records = records(path -> {
            path.begin();
            assertEquals(1, path.outstanding());
            path.abandon();
            assertEquals(0, path.outstanding());
            assertFalse(path.succeeded());
        });
        assertTrue(records.get(0).endsWith("\"outcome\":\"indeterminate\",\"error\":\"no answer\"}"));
    }

    @Test
    void aDiskThatFillsUpIsSaid() throws Exception {
        History history = new History("f.gz", new OutputStream() {
            @Override
            public void write(int one) {
            }

            @Override
            public void flush() throws IOException {
                throw new IOException("No space left on device");
            }
        });
        history.check();
        TimeUnit.MILLISECONDS.sleep(1500);
        Failure failure = assertThrows(Failure.class, history::check);
        assertEquals("the history f.gz cannot be written: No space left on device", failure.getMessage());
        history.close();
    }

    @Test
    void aFullDiskIsSaidAtOnce() {
        Failure failure = assertThrows(Failure.class, () -> new History("/dev/full"));
        assertEquals("the history /dev/full cannot be written: No space left on device", failure.getMessage());
    }

    @Test
    void anErrorIsShortAndNamesItsRoot() {
        assertEquals("RemotingTimeoutException in MQClientException: Send [3] times, still failed",
            Op.describe(new MQClientException("Send [3] times, still failed\nSee http://x",
                new RemotingTimeoutException("wait", 3000))));
        assertEquals("IllegalStateException: RemotingTimeoutException: wait", Op.describe(
            new IllegalStateException("org.apache.rocketmq.remoting.exception.RemotingTimeoutException: wait")));
        assertEquals("IllegalStateException: null", Op.describe(new IllegalStateException()));
        String endless = new String(new char[500]).replace('\0', 'x');
        assertEquals(160, Op.describe(new IllegalStateException(endless)).length());
    }
}
