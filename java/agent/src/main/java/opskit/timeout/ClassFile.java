package opskit.timeout;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A class file as a table of offsets into its bytes: constant pool, fields, methods and their code, as the Java Virtual
 * Machine Specification, chapter 4, lays them out. Nothing is rebuilt, so that what is changed keeps its place.
 */
final class ClassFile {
    private static final int MAGIC = 0xcafebabe;
    private static final int STATIC = 0x0008;
    private static final int UTF8 = 1;

    /** A field or method that an instruction names. */
    static final class Member {
        final String owner;
        final String name;
        final String descriptor;

        private Member(String owner, String name, String descriptor) {
            this.owner = owner;
            this.name = name;
            this.descriptor = descriptor;
        }
    }

    /** A method with its code, which lies in the class file from start to end (exclusive). */
    static final class Method {
        final String name;
        final String descriptor;
        final boolean isStatic;
        final int start;
        final int end;
        /** Offsets in the class file at which its exception handlers begin. */
        final List<Integer> handlers = new ArrayList<>();

        private Method(String name, String descriptor, boolean isStatic, int start, int end) {
            this.name = name;
            this.descriptor = descriptor;
            this.isStatic = isStatic;
            this.start = start;
            this.end = end;
        }
    }

    final byte[] bytes;
    /** Internal name, as org/apache/rocketmq/remoting/netty/NettyClientConfig. */
    final String name;
    final List<String> fields = new ArrayList<>();
    final List<Method> methods = new ArrayList<>();
    private final int[] constants;

    ClassFile(byte[] bytes) throws NotUnderstood {
        this.bytes = bytes;
        try {
            if (bytes.length < 10 || u4(0) != MAGIC) {
                throw new NotUnderstood("its bytes are no class file");
            }
            constants = new int[u2(8)];
            int at = readConstants(10);
            name = className(u2(at + 2));
            at += 8 + 2 * u2(at + 6);
            readMethods(readFields(at));
        } catch (ArrayIndexOutOfBoundsException | IOException error) {
            throw new NotUnderstood("its class file is broken (" + error.getMessage() + ")");
        }
    }

    int u1(int at) {
        return bytes[at] & 0xff;
    }

    int u2(int at) {
        return u1(at) << 8 | u1(at + 1);
    }

    private int u4(int at) {
        return u2(at) << 16 | u2(at + 2);
    }

    /** The member that the two bytes at this offset point to. */
    Member member(int at) throws NotUnderstood {
        try {
            int reference = constants[u2(at)];
            int named = constants[u2(reference + 3)];
            return new Member(className(u2(reference + 1)), text(u2(named + 1)), text(u2(named + 3)));
        } catch (ArrayIndexOutOfBoundsException | IOException error) {
            throw new NotUnderstood("its class file is broken (" + error.getMessage() + ")");
        }
    }

    private int readConstants(int from) throws NotUnderstood {
        int at = from;
        for (int index = 1; index < constants.length; index++) {
            constants[index] = at;
            int tag = u1(at);
            at += size(tag, at);
            if (tag == 5 || tag == 6) {
                index++;
            }
        }
        return at;
    }

    /** Bytes of a constant with its tag. */
    private int size(int tag, int at) throws NotUnderstood {
        switch (tag) {
            case UTF8:
                return 3 + u2(at + 1);
            case 7: case 8: case 16: case 19: case 20:
                return 3;
            case 15:
                return 4;
            case 3: case 4: case 9: case 10: case 11: case 12: case 17: case 18:
                return 5;
            case 5: case 6:
                return 9;
            default:
                throw new NotUnderstood("its constant pool holds the unknown tag " + tag);
        }
    }

    private int readFields(int from) throws IOException {
        int at = from + 2;
        for (int left = u2(from); left > 0; left--) {
            fields.add(text(u2(at + 2)));
            at += 8;
            for (int attributes = u2(at - 2); attributes > 0; attributes--) {
                at += 6 + u4(at + 2);
            }
        }
        return at;
    }

    private void readMethods(int from) throws IOException {
        int at = from + 2;
        for (int left = u2(from); left > 0; left--) {
            boolean isStatic = (u2(at) & STATIC) != 0;
            String method = text(u2(at + 2));
            String descriptor = text(u2(at + 4));
            at += 8;
            for (int attributes = u2(at - 2); attributes > 0; attributes--) {
                if (text(u2(at)).equals("Code")) {
                    int start = at + 14;
                    int end = start + u4(at + 10);
                    Method found = new Method(method, descriptor, isStatic, start, end);
                    for (int handler = 0; handler < u2(end); handler++) {
                        found.handlers.add(start + u2(end + 2 + 8 * handler + 4));
                    }
                    methods.add(found);
                }
                at += 6 + u4(at + 2);
            }
        }
    }

    private String className(int index) throws IOException {
        return text(u2(constants[index] + 1));
    }

    /** Constant `index`, which must be a text; modified UTF-8, which is what DataInputStream reads. */
    private String text(int index) throws IOException {
        int at = constants[index];
        return new DataInputStream(new ByteArrayInputStream(bytes, at + 1, 2 + u2(at + 1))).readUTF();
    }
}
