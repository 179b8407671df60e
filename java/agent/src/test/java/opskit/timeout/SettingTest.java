package opskit.timeout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingTest {
    @ParameterizedTest
    @CsvSource({"4.2.0,OFF", "4.5.1,OFF", "4.8.0,OFF", "4.9.0,OFF", "4.9.1,PROPERTY", "4.9.7,PROPERTY",
        "5.1.4,PROPERTY", "5.4.0,PROPERTY"})
    void theConstructorSaysWhatAReleaseDoes(String release, Setting setting) throws Exception {
        assertEquals(setting, Setting.of(new Classes(release).bytes(Classes.CONFIG)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.2.0", "4.8.0", "4.9.0"})
    void aNewConfigIsSwitchedOnByOneByte(String release) throws Exception {
        Classes classes = new Classes(release);
        byte[] original = classes.bytes(Classes.CONFIG);
        byte[] changed = Setting.switchedOn(original);
        assertEquals(1, differences(original, changed));
        assertEquals(Setting.ON, Setting.of(changed));
        assertEquals(false, constructed(new Classes(release)));
        assertEquals(true, constructed(classes.with(Classes.CONFIG, changed)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.9.1", "4.9.7", "5.1.4", "5.4.0"})
    void aConstructorThatReadsAPropertyIsLeftAlone(String release) throws Exception {
        assertNull(Setting.switchedOn(new Classes(release).bytes(Classes.CONFIG)));
    }

    @Test
    void theOffsetIsFoundInARelocatedClassToo() throws Exception {
        byte[] relocated = Relocation.of(new Classes("4.8.0").bytes(Classes.CONFIG), "my/shaded/rocketmq");
        assertEquals(Setting.OFF, Setting.of(relocated));
        assertEquals(1, differences(relocated, Setting.switchedOn(relocated)));
    }

    @Test
    void aClassWithoutTheFieldIsToldFromOneThatIsNotUnderstood() throws Exception {
        Classes classes = new Classes("4.8.0");
        assertEquals(Setting.ABSENT, Setting.of(classes.bytes(Classes.REMOTING)));
        assertEquals(Setting.UNKNOWN, Setting.of("no class".getBytes(StandardCharsets.US_ASCII)));
        byte[] config = classes.bytes(Classes.CONFIG);
        for (int length = 0; length < config.length / 2; length += 7) {
            byte[] cut = Arrays.copyOf(config, length);
            assertEquals(Setting.UNKNOWN, Setting.of(cut));
            assertThrows(NotUnderstood.class, () -> InvokeSync.forNameservers(cut));
        }
    }

    @Test
    void theOriginalBytesAreKept() throws Exception {
        byte[] original = new Classes("4.8.0").bytes(Classes.CONFIG);
        byte[] kept = original.clone();
        Setting.switchedOn(original);
        assertArrayEquals(kept, original);
    }

    static int differences(byte[] one, byte[] other) {
        assertEquals(one.length, other.length);
        int count = 0;
        for (int i = 0; i < one.length; i++) {
            count += one[i] == other[i] ? 0 : 1;
        }
        return count;
    }

    private static Object constructed(Classes classes) throws Exception {
        Object config = classes.verified(Classes.CONFIG).getDeclaredConstructor().newInstance();
        return Mirror.is(config, "isClientCloseSocketIfTimeout");
    }
}
