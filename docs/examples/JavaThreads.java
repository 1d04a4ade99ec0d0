// The JDK's own HttpServer on platform threads: as many as there are requests. Java 11 or later runs this file as it is.
//
//   nodecompare bench --workloads=hello,wait,cpu --server java='exec java JavaThreads.java'

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

class JavaThreads {
    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // or the body waits 40 ms behind the head
        System.setProperty("sun.net.httpserver.maxIdleConnections", "100000"); // beyond 200 they are closed
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT")));
        var server = HttpServer.create(address, 4096);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", x -> {
            if (x.getRequestURI().getPath().equals("/")) answer(x, 200, "hello\n");
            else answer(x, 404, "not found\n");
        });
        server.createContext("/wait", x -> {
            try {
                Thread.sleep(millis(x));
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            answer(x, 200, "waited\n");
        });
        server.createContext("/cpu", x -> {
            var clock = ManagementFactory.getThreadMXBean();
            long end = clock.getCurrentThreadCpuTime() + millis(x) * 1_000_000;
            while (clock.getCurrentThreadCpuTime() < end) {}
            answer(x, 200, "computed\n");
        });
        server.start();
    }

    static long millis(HttpExchange x) {
        var query = x.getRequestURI().getQuery();
        return query == null ? 50 : Long.parseLong(query.replace("ms=", ""));
    }

    static void answer(HttpExchange x, int status, String text) throws IOException {
        x.getResponseHeaders().set("Content-Type", "text/plain");
        x.sendResponseHeaders(status, text.length());
        x.getResponseBody().write(text.getBytes());
        x.close();
    }
}
