package opskit.timeout;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** A class moved to another package in its constant pool, as shading tools do; its texts get longer or shorter. */
final class Relocation {
    private Relocation() {
    }

    static byte[] of(byte[] bytes, String into) throws IOException {
        ByteArrayOutputStream moved = new ByteArrayOutputStream();
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        DataOutputStream out = new DataOutputStream(moved);
        out.writeLong(in.readLong());
        int count = in.readUnsignedShort();
        out.writeShort(count);
        for (int index = 1; index < count; index++) {
            int tag = in.readUnsignedByte();
            out.writeByte(tag);
            if (tag == 1) {
                out.writeUTF(in.readUTF().replace("org/apache/rocketmq", into));
            } else {
                copy(in, out, tag == 15 ? 3 : tag == 5 || tag == 6 ? 8 : tag >= 7 && tag <= 8 || tag == 16 ? 2 : 4);
                index += tag == 5 || tag == 6 ? 1 : 0;
            }
        }
        copy(in, out, in.available());
        return moved.toByteArray();
    }

    private static void copy(DataInputStream in, DataOutputStream out, int length) throws IOException {
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        out.write(bytes);
    }
}
