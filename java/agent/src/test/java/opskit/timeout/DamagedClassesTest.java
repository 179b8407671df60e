package opskit.timeout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are, a class is understood and changed in its known place, or left alone. */
class DamagedClassesTest {
    private static final int ROUNDS = 20_000;
    private static final int LONGEST_CHANGE = 8;

    @ParameterizedTest
    @ValueSource(strings = {Classes.CONFIG, Classes.REMOTING})
    void aDamagedClassIsLeftAloneOrChangedInItsPlace(String name) throws Exception {
        byte[] original = new Classes("4.8.0").bytes(name);
        Random random = new Random(5);
        for (int round = 0; round < ROUNDS; round++) {
            int cut = round % 4 == 0 ? random.nextInt(original.length) : 0;
            byte[] damaged = Arrays.copyOf(original, original.length - cut);
            for (int left = random.nextInt(4); left >= 0 && damaged.length > 0; left--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            byte[] before = damaged.clone();
            try {
                byte[] changed = name.equals(Classes.CONFIG)
                    ? Setting.switchedOn(damaged) : InvokeSync.forNameservers(damaged);
                assertTrue(changed == null || SettingTest.differences(damaged, changed) <= LONGEST_CHANGE);
            } catch (NotUnderstood error) {
                assertTrue(error.getMessage().startsWith("its "));
            }
            assertEquals(Arrays.hashCode(before), Arrays.hashCode(damaged));
        }
    }
}
