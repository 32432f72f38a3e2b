package streamshop;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.HEAD;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;
import org.elasticsearch.index.analysis.PreBuiltAnalyzerProvider;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * What the distribution has in modules that Maven Central does not carry, as far as StreamShop uses it and by the same
 * names: `GET /` (module rest-root), the english analyzer, and the filters asciifolding and edge_ngram (module
 * analysis-common). Each is a few lines over Lucene, which has the substance.
 */
public final class BasicsPlugin extends Plugin implements ActionPlugin, AnalysisPlugin {
    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        return Map.of("english", (index, environment, name, settings) ->
            new PreBuiltAnalyzerProvider(name, AnalyzerScope.INDEX, new EnglishAnalyzer()));
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of(
            "asciifolding", (index, environment, name, settings) -> {
                boolean keeps = settings.getAsBoolean("preserve_original", false);
                return filter(name, tokens -> new ASCIIFoldingFilter(tokens, keeps));
            },
            "edge_ngram", (index, environment, name, settings) -> {
                int shortest = settings.getAsInt("min_gram", 1);
                int longest = settings.getAsInt("max_gram", 2);
                boolean keeps = settings.getAsBoolean("preserve_original", false);
                return filter(name, tokens -> new EdgeNGramTokenFilter(tokens, shortest, longest, keeps));
            });
    }

    private static TokenFilterFactory filter(String name, UnaryOperator<TokenStream> wrap) {
        return new AbstractTokenFilterFactory(name) {
            @Override
            public TokenStream create(TokenStream tokens) {
                return wrap.apply(tokens);
            }
        };
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> supports
    ) {
        String nodeName = services.settings().get("node.name");
        return List.of(new RootHandler(nodeName));
    }

    /** Who answers here, and in which version: what clients ask first. */
    private static final class RootHandler extends BaseRestHandler {
        private final String nodeName;

        RootHandler(String nodeName) {
            this.nodeName = nodeName;
        }

        @Override
        public String getName() {
            return "streamshop_root";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(GET, "/"), new Route(HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            Build build = Build.current();
            return channel -> {
                XContentBuilder body = channel.newBuilder().startObject();
                body.field("name", nodeName);
                body.startObject("version");
                body.field("number", build.version());
                body.field("build_flavor", build.flavor());
                body.field("build_hash", build.hash());
                body.endObject();
                body.field("tagline", "You Know, for Search");
                channel.sendResponse(new RestResponse(RestStatus.OK, body.endObject()));
            };
        }
    }
}
