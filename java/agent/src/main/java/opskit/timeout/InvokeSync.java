package opskit.timeout;

import static opskit.timeout.Instructions.ALOAD_0;
import static opskit.timeout.Instructions.ALOAD_1;
import static opskit.timeout.Instructions.ASTORE;
import static opskit.timeout.Instructions.ASTORE_1;
import static opskit.timeout.Instructions.GETFIELD;
import static opskit.timeout.Instructions.IFEQ;
import static opskit.timeout.Instructions.IFNONNULL;
import static opskit.timeout.Instructions.INVOKEVIRTUAL;
import static opskit.timeout.Instructions.NOP;

import java.util.Arrays;
import java.util.List;

/**
 * NettyRemotingClient.invokeSync, changed so that a call that timed out closes its channel where it went to a
 * nameserver, and nowhere else.
 *
 * <p>The method asks {@code if (nettyClientConfig.isClientCloseSocketIfTimeout())}. In its place comes
 * {@code if (addr == null)}: the client gives no address where it means whichever nameserver it is attached to
 * (getAndCreateChannel, 4.0.0 to 4.9.0). Length and jumps stay, so stack map frames do too.
 */
final class InvokeSync {
    private static final int ASKING = 7;
    private static final String ADDRESS_FIRST = "(Ljava/lang/String;L";

    private InvokeSync() {
    }

    /** The changed class; NotUnderstood where the question is not found exactly once in the known shape. */
    static byte[] forNameservers(byte[] remotingClient) throws NotUnderstood {
        ClassFile file = new ClassFile(remotingClient);
        int question = -1;
        for (ClassFile.Method method : file.methods) {
            if (method.name.equals("invokeSync") && method.descriptor.startsWith(ADDRESS_FIRST) && !method.isStatic) {
                Instructions code = new Instructions(file, method);
                for (int i = 0; i + 3 < code.offsets.size(); i++) {
                    if (asks(file, code.offsets.subList(i, i + 4))) {
                        if (question >= 0) {
                            throw new NotUnderstood("its invokeSync asks for the setting twice");
                        }
                        question = code.offsets.get(i);
                        checkUnshared(file, code, question);
                    }
                }
            }
        }
        if (question < 0) {
            throw new NotUnderstood("its invokeSync does not ask for the setting in the known way");
        }
        byte[] changed = remotingClient.clone();
        changed[question] = ALOAD_1;
        Arrays.fill(changed, question + 1, question + ASKING, (byte) NOP);
        changed[question + ASKING] = (byte) IFNONNULL;
        return changed;
    }

    /** aload_0, getfield of the config, invokevirtual of its getter, ifeq. */
    private static boolean asks(ClassFile file, List<Integer> four) throws NotUnderstood {
        int[] shape = {ALOAD_0, GETFIELD, INVOKEVIRTUAL, IFEQ};
        for (int i = 0; i < shape.length; i++) {
            if (file.u1(four.get(i)) != shape[i]) {
                return false;
            }
        }
        ClassFile.Member getter = file.member(four.get(2) + 1);
        return getter.name.equals("isClientCloseSocketIfTimeout") && getter.descriptor.equals("()Z")
            && file.member(four.get(1) + 1).descriptor.equals("L" + getter.owner + ";");
    }

    /** Local 1 must still be the address there, and nothing may jump into the middle of what is replaced. */
    private static void checkUnshared(ClassFile file, Instructions code, int question) throws NotUnderstood {
        for (int at : code.offsets) {
            if (file.u1(at) == ASTORE_1 || file.u1(at) == ASTORE && file.u1(at + 1) == 1) {
                throw new NotUnderstood("its invokeSync changes the address that it was given");
            }
        }
        for (int target : code.targets) {
            if (target > question && target <= question + ASKING) {
                throw new NotUnderstood("its invokeSync jumps into the question for the setting");
            }
        }
    }
}
