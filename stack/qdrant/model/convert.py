"""Writes all-MiniLM-L6-v2 as an ONNX file: python convert.py FOLDER_OF_THE_MODEL FILE.onnx

The graph is BERT's encoder (Devlin et al., 2018) followed by what sentence-transformers does with it: the mean over the
tokens that are no padding, scaled to length 1. It is written here, operator by operator, so that no PyTorch is needed.

    input_ids, attention_mask: int64 [batch, sequence]  ->  embedding: float32 [batch, 384]
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

# The file that sentence-transformers publishes as model.safetensors.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
OPSET = 20
IR_VERSION = 9
# Added to the score of a padding token, so that its share in the softmax is nothing.
MASKED = -10_000.0


class Graph:
    """Collects nodes and constants; every method gives the name of a value."""

    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, value, dtype=numpy.float32):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value, dtype), name))
        return name

    def integers(self, *values):
        return self.constant(values, numpy.int64)

    def node(self, operator, *inputs, **attributes):
        name = f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


class Encoder:
    """BERT's layers, from their weights."""

    def __init__(self, graph, weights, config):
        self.graph = graph
        self.weights = weights
        self.heads = config["num_attention_heads"]
        self.head_size = config["hidden_size"] // self.heads
        self.layers = config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]

    def linear(self, value, name):
        node, constant = self.graph.node, self.graph.constant
        product = node("MatMul", value, constant(self.weights[f"{name}.weight"].T))
        return node("Add", product, constant(self.weights[f"{name}.bias"]))

    def normalised(self, value, name):
        scale, bias = (self.graph.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.graph.node("LayerNormalization", value, scale, bias, axis=-1, epsilon=self.epsilon)

    def embeddings(self):
        node = self.graph.node
        words = node("Gather", self.graph.constant(self.weights["embeddings.word_embeddings.weight"]), "input_ids")
        # Every token is of the first segment, whose embedding is therefore added to the positions once and for all.
        positions = (
            self.weights["embeddings.position_embeddings.weight"]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        length = node("Shape", "input_ids", start=1, end=2)
        integers = self.graph.integers
        used = node("Slice", self.graph.constant(positions), integers(0), length, integers(0))
        return self.normalised(node("Add", words, used), "embeddings.LayerNorm")

    def attention(self, value, padding, name):
        node, integers = self.graph.node, self.graph.integers

        def heads_of(part, order):
            shape = integers(0, 0, self.heads, self.head_size)
            return node("Transpose", node("Reshape", self.linear(value, f"{name}.self.{part}"), shape), perm=order)

        query, content = heads_of("query", [0, 2, 1, 3]), heads_of("value", [0, 2, 1, 3])
        key = heads_of("key", [0, 2, 3, 1])
        scale = self.graph.constant(1 / math.sqrt(self.head_size))
        scores = node("Add", node("Mul", node("MatMul", query, key), scale), padding)
        mixed = node("Transpose", node("MatMul", node("Softmax", scores, axis=-1), content), perm=[0, 2, 1, 3])
        joined = node("Reshape", mixed, integers(0, 0, self.heads * self.head_size))
        return self.linear(joined, f"{name}.output.dense")

    def layer(self, value, padding, name):
        node = self.graph.node
        attended = node("Add", value, self.attention(value, padding, f"{name}.attention"))
        value = self.normalised(attended, f"{name}.attention.output.LayerNorm")
        inner = node("Gelu", self.linear(value, f"{name}.intermediate.dense"))
        outer = self.linear(inner, f"{name}.output.dense")
        return self.normalised(node("Add", value, outer), f"{name}.output.LayerNorm")

    def output(self, mask):
        node = self.graph.node
        absent = node("Mul", node("Sub", self.graph.constant(1.0), mask), self.graph.constant(MASKED))
        padding = node("Unsqueeze", absent, self.graph.integers(1, 2))
        value = self.embeddings()
        for number in range(self.layers):
            value = self.layer(value, padding, f"encoder.layer.{number}")
        return value


def mean_of_tokens(graph, value, mask):
    mask = graph.node("Unsqueeze", mask, graph.integers(2))
    total = graph.node("ReduceSum", graph.node("Mul", value, mask), graph.integers(1), keepdims=0)
    return graph.node("Div", total, graph.node("ReduceSum", mask, graph.integers(1), keepdims=0))


def convert(folder, target):
    weights_file = folder / "model.safetensors"
    if hashlib.sha256(weights_file.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise SystemExit(f"Error: {weights_file} is not the model that it should be")
    config = json.loads((folder / "config.json").read_text())

    graph = Graph()
    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    value = Encoder(graph, load_file(weights_file), config).output(mask)
    mean = mean_of_tokens(graph, value, mask)
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["embedding"], axis=1, p=2))

    shape = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", config["hidden_size"]])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model)
    onnx.save(model, target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
