"""Who serves OpenAI's Chat Completions: a row each, of where, with which key, and what is peculiar."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.models.openai.dialect import Dialect, Forcing, OutputField

# What hosts of open models take; some of them ignore the newer field, and so the limit.
_MAX_TOKENS = Dialect(OutputField.OLD)


@dataclass(frozen=True)
class ChatProvider:
    """One provider. Its base URL can be set by the variable NAME_BASE_URL."""

    name: str
    base_url: str
    """With capitals in it (``https://RESOURCE.…``) it is an example: everyone has an address of their own."""
    key_variables: tuple[str, ...]
    """Any one of these holds the key; the first that is set counts."""
    dialect: Dialect = _MAX_TOKENS
    """What is known beforehand; the rest is learned from refusals."""
    also: tuple[str, ...] = ()
    """Other names that people look for it under."""

    @property
    def base_variable(self) -> str:
        """The environment variable that moves it to another address."""
        return f"{self.name.upper()}_BASE_URL"

    @property
    def has_address(self) -> bool:
        """Whether the base URL is good for everyone."""
        return self.base_url.islower()


_ROWS = (
    ChatProvider("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",), Dialect()),
    ChatProvider("openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",)),
    ChatProvider("deepseek", "https://api.deepseek.com", ("DEEPSEEK_API_KEY",)),
    ChatProvider("vllm", "http://127.0.0.1:8000/v1", ("VLLM_API_KEY",), Dialect()),
    ChatProvider("ollama", "http://127.0.0.1:11434/v1", ("OLLAMA_API_KEY",)),
    ChatProvider("litellm", "http://127.0.0.1:4000/v1", ("LITELLM_API_KEY",), Dialect()),
    ChatProvider(
        "google",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        also=("gemini", "google-gla"),
    ),
    ChatProvider(
        "vertex",
        "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/endpoints/openapi",
        ("VERTEX_API_KEY",),
        also=("google-vertex", "google-cloud", "vertexai"),
    ),
    ChatProvider(
        "azure",
        "https://RESOURCE.openai.azure.com/openai/v1",
        ("AZURE_OPENAI_API_KEY",),
        Dialect(),
        also=("azure-openai",),
    ),
    ChatProvider(
        "bedrock",
        "https://bedrock-mantle.REGION.api.aws/v1",
        ("AWS_BEARER_TOKEN_BEDROCK",),
        Dialect(),
        also=("aws", "amazon", "bedrock-mantle"),
    ),
    ChatProvider(
        "mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        Dialect(OutputField.OLD, user_after_tool=False),
        also=("codestral", "devstral"),
    ),
    ChatProvider(
        "cohere",
        "https://api.cohere.ai/compatibility/v1",
        ("CO_API_KEY", "COHERE_API_KEY"),
        Dialect(OutputField.OLD, stream_usage=False),
    ),
    ChatProvider("groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), Dialect()),
    ChatProvider("xai", "https://api.x.ai/v1", ("XAI_API_KEY",), Dialect(), also=("x-ai", "grok")),
    ChatProvider("cerebras", "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",), Dialect()),
    ChatProvider("together", "https://api.together.xyz/v1", ("TOGETHER_API_KEY",), also=("togetherai",)),
    ChatProvider("fireworks", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",)),
    ChatProvider(
        "moonshotai",
        "https://api.moonshot.ai/v1",
        ("MOONSHOTAI_API_KEY", "MOONSHOT_API_KEY"),
        Dialect(OutputField.OLD, forcing=Forcing.NONE),
        also=("moonshot", "kimi"),
    ),
    ChatProvider("zai", "https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",), also=("z-ai", "glm")),
    ChatProvider(
        "alibaba",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("ALIBABA_API_KEY", "DASHSCOPE_API_KEY"),
        also=("dashscope", "qwen"),
    ),
    ChatProvider("huggingface", "https://router.huggingface.co/v1", ("HF_TOKEN",), also=("hf",)),
    ChatProvider("sambanova", "https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",)),
    ChatProvider("nebius", "https://api.tokenfactory.nebius.com/v1", ("NEBIUS_API_KEY",)),
    ChatProvider(
        "ovhcloud",
        "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        ("OVHCLOUD_API_KEY", "OVH_AI_ENDPOINTS_ACCESS_TOKEN"),
        also=("ovh",),
    ),
    ChatProvider("crusoe", "https://api.inference.crusoecloud.com/v1", ("CRUSOE_API_KEY",)),
    ChatProvider("meta", "https://api.meta.ai/v1", ("META_API_KEY",), also=("llama",)),
    ChatProvider(
        "vercel",
        "https://ai-gateway.vercel.sh/v1",
        ("AI_GATEWAY_API_KEY", "VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"),
    ),
    ChatProvider("heroku", "https://us.inference.heroku.com/v1", ("HEROKU_INFERENCE_KEY",)),
    ChatProvider(
        "snowflake",
        "https://ACCOUNT.snowflakecomputing.com/api/v2/cortex/v1",
        ("SNOWFLAKE_TOKEN",),
        Dialect(),
    ),
)
CHAT_PROVIDERS = {row.name: row for row in _ROWS}
