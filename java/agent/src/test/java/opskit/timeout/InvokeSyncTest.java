package opskit.timeout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InvokeSyncTest {
    private static final int ALOAD_0 = 0x2a;
    private static final int GETFIELD = 0xb4;

    @ParameterizedTest
    @ValueSource(strings = {"4.2.0", "4.5.1", "4.8.0", "4.9.0"})
    void theQuestionForTheSettingBecomesOneForTheAddress(String release) throws Exception {
        Classes classes = new Classes(release);
        byte[] original = classes.bytes(Classes.REMOTING);
        byte[] changed = InvokeSync.forNameservers(original);
        assertTrue(SettingTest.differences(original, changed) <= 8);
        assertNotNull(classes.with(Classes.REMOTING, changed).verified(Classes.REMOTING));
        String sentence = assertThrows(NotUnderstood.class, () -> InvokeSync.forNameservers(changed)).getMessage();
        assertEquals("its invokeSync does not ask for the setting in the known way", sentence);
    }

    @Test
    void itIsFoundInARelocatedClassToo() throws Exception {
        byte[] relocated = Relocation.of(new Classes("4.8.0").bytes(Classes.REMOTING), "my/shaded/rocketmq");
        assertTrue(SettingTest.differences(relocated, InvokeSync.forNameservers(relocated)) <= 8);
    }

    @Test
    void aQuestionThatIsJumpedIntoIsLeftAlone() throws Exception {
        byte[] bytes = new Classes("4.8.0").bytes(Classes.REMOTING);
        int question = question(bytes);
        // the handler of the timeout, which begins with an astore before the question, now begins within it
        byte[] jumped = bytes.clone();
        ClassFile file = new ClassFile(bytes);
        for (ClassFile.Method method : file.methods) {
            if (method.name.equals("invokeSync")) {
                int entry = method.end + 2 + 8 * (method.handlers.size() - 1) + 4;
                int within = question + 1 - method.start;
                jumped[entry] = (byte) (within >> 8);
                jumped[entry + 1] = (byte) within;
            }
        }
        String sentence = assertThrows(NotUnderstood.class, () -> InvokeSync.forNameservers(jumped)).getMessage();
        assertEquals("its invokeSync jumps into the question for the setting", sentence);
    }

    @Test
    void aMethodThatDoesNotKeepTheAddressIsLeftAlone() throws Exception {
        byte[] bytes = new Classes("4.8.0").bytes(Classes.REMOTING);
        int question = question(bytes);
        ClassFile file = new ClassFile(bytes);
        for (ClassFile.Method method : file.methods) {
            if (method.name.equals("invokeSync")) {
                for (int at : new Instructions(file, method).offsets) {
                    if (file.u1(at) == Instructions.ASTORE && at < question) {
                        bytes[at + 1] = 1;
                    }
                }
            }
        }
        String sentence = assertThrows(NotUnderstood.class, () -> InvokeSync.forNameservers(bytes)).getMessage();
        assertEquals("its invokeSync changes the address that it was given", sentence);
    }

    private static int question(byte[] bytes) throws NotUnderstood {
        byte[] changed = InvokeSync.forNameservers(bytes);
        int at = 0;
        while (bytes[at] == changed[at]) {
            at++;
        }
        assertEquals(ALOAD_0, bytes[at] & 0xff);
        assertEquals(GETFIELD, bytes[at + 1] & 0xff);
        return at;
    }
}
