import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.h2.mvstore.MVStore;

/** Runs mongo-java-server on a file of H2's MVStore: java -cp 'lib/*' MongoServerOnH2.java PORT FILE */
class MongoServerOnH2 {
  private static final Set<String> READS =
      Set.of("hello", "ismaster", "isMaster", "ping", "find", "getMore", "aggregate", "count", "distinct");

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    MVStore store = new MVStore.Builder()
        .fileName(args[1])
        .cacheSize(8)
        // Neither by time nor by size: a commit in the middle of a message would keep half of it through a crash.
        .autoCommitDisabled()
        .autoCommitBufferSize(0)
        .open();
    // The default keeps replaced data for 45 s, which a commit for every write turns into hundreds of megabytes.
    store.setRetentionTime(0);
    store.setVersionsToKeep(0);

    var backend = new OneByOne(store);
    var server = new MongoServer(backend);
    server.bind("127.0.0.1", port);
    var janitor = Executors.newSingleThreadScheduledExecutor(task -> {
      var thread = new Thread(task, "janitor");
      thread.setDaemon(true);
      return thread;
    });
    janitor.scheduleWithFixedDelay(backend::compact, 5, 5, TimeUnit.SECONDS);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    System.out.println("listening on 127.0.0.1:" + port);
    Thread.currentThread().join();
  }

  /**
   * Answers one message at a time. mongo-java-server changes documents in place, field by field: a message beside it would
   * read, or commit, half a change. So each message is whole in memory, on disk and in its answer.
   */
  private static class OneByOne extends H2Backend {
    OneByOne(MVStore store) {
      super(store);
      version(new Wire13());
    }

    @Override
    public synchronized Document handleMessage(MongoMessage message) {
      Document answer = super.handleMessage(message);
      String command = message.getDocument().keySet().iterator().next();
      // Before the answer: what was acknowledged survives kill -9.
      if (!READS.contains(command)) getMvStore().commit();
      // The answer refers to the stored documents, and is encoded after this.
      return answer.cloneDeeply();
    }

    /** Rewrites what is mostly replaced data; half a megabyte at a time, as messages wait for it. */
    synchronized void compact() {
      if (getMvStore().compact(50, 512 * 1024)) getMvStore().commit();
    }

    @Override
    public synchronized void close() {
      super.close();
    }
  }

  /** Today's drivers talk to servers of wire version 9 and newer; mongo-java-server's own versions end at 8. */
  private static class Wire13 implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 13;
    }

    @Override
    public String toVersionString() {
      return "5.0.0";
    }
  }
}
