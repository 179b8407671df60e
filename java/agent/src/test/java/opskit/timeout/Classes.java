package opskit.timeout;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The client's classes of one release, as Maven laid its jars down, some of them changed. */
final class Classes extends URLClassLoader {
    static final String CONFIG = "org.apache.rocketmq.remoting.netty.NettyClientConfig";
    static final String REMOTING = "org.apache.rocketmq.remoting.netty.NettyRemotingClient";

    private final Map<String, byte[]> changed = new HashMap<>();

    Classes(String release) throws IOException {
        super(jars(release), null);
    }

    private static URL[] jars(String release) throws IOException {
        List<URL> jars = new ArrayList<>();
        for (File jar : new File("target/clients").listFiles()) {
            if (!jar.getName().startsWith("rocketmq-") || jar.getName().endsWith("-" + release + ".jar")) {
                jars.add(jar.toURI().toURL());
            }
        }
        return jars.toArray(new URL[0]);
    }

    byte[] bytes(String name) throws IOException {
        try (InputStream stream = getResourceAsStream(name.replace('.', '/') + ".class")) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int b = stream.read(); b >= 0; b = stream.read()) {
                bytes.write(b);
            }
            return bytes.toByteArray();
        }
    }

    Classes with(String name, byte[] bytes) {
        changed.put(name, bytes);
        return this;
    }

    /** Loads, links and initialises it, so that it is verified. */
    Class<?> verified(String name) throws ClassNotFoundException {
        return Class.forName(name, true, this);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = changed.get(name);
        return bytes == null ? super.findClass(name) : defineClass(name, bytes, 0, bytes.length);
    }
}
