package opskit.timeout;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The instructions of one method, in order, as offsets in the class file; with the places that are jumped to. */
final class Instructions {
    static final int NOP = 0x00;
    static final int ICONST_0 = 0x03;
    static final int ICONST_1 = 0x04;
    static final int ALOAD_0 = 0x2a;
    static final int ALOAD_1 = 0x2b;
    static final int ASTORE = 0x3a;
    static final int ASTORE_1 = 0x4c;
    static final int IFEQ = 0x99;
    static final int JSR = 0xa8;
    static final int RET = 0xa9;
    static final int GETSTATIC = 0xb2;
    static final int GETFIELD = 0xb4;
    static final int PUTFIELD = 0xb5;
    static final int INVOKEVIRTUAL = 0xb6;
    static final int IFNULL = 0xc6;
    static final int IFNONNULL = 0xc7;

    final List<Integer> offsets = new ArrayList<>();
    final Set<Integer> targets;

    /** Raises NotUnderstood where the code holds a switch or a wide instruction: the methods looked for have none. */
    Instructions(ClassFile file, ClassFile.Method method) throws NotUnderstood {
        Set<Integer> jumps = new HashSet<>(method.handlers);
        for (int at = method.start; at < method.end; ) {
            offsets.add(at);
            int opcode = file.u1(at);
            if (opcode >= IFEQ && opcode <= JSR || opcode == IFNULL || opcode == IFNONNULL) {
                jumps.add(at + (short) file.u2(at + 1));
            }
            at += length(opcode, method);
        }
        targets = Collections.unmodifiableSet(jumps);
    }

    private static int length(int opcode, ClassFile.Method method) throws NotUnderstood {
        if (opcode == 0x10 || opcode == 0x12 || opcode >= 0x15 && opcode <= 0x19 || opcode >= 0x36 && opcode <= ASTORE
            || opcode == RET || opcode == 0xbc) {
            return 2;
        }
        if (opcode == 0x11 || opcode == 0x13 || opcode == 0x14 || opcode == 0x84 || opcode >= IFEQ && opcode <= JSR
            || opcode >= GETSTATIC && opcode <= 0xb8 || opcode == 0xbb || opcode == 0xbd || opcode == 0xc0
            || opcode == 0xc1 || opcode == IFNULL || opcode == IFNONNULL) {
            return 3;
        }
        if (opcode == 0xb9 || opcode == 0xba) {
            return 5;
        }
        if (opcode == 0xc5) {
            return 4;
        }
        if (opcode == 0xaa || opcode == 0xab || opcode >= 0xc4 && opcode != 0xc5) {
            throw new NotUnderstood("its " + method.name + " holds the unexpected instruction " + opcode);
        }
        return 1;
    }
}
