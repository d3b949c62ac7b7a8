"""The root command: the global options, what is below it, and how a command line becomes a call of one of them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.core

import spidercli
from spidercli.argv import hoist, strayed_scenario, value_of
from spidercli.commands import bootstrap, ccm, config, export, init, inventory, multus, nodes, pools, sandbox, version
from spidercli.commands.failing import interrupted
from spidercli.commands.invocation import Invocation
from spidercli.errors import ExitCode, UsageProblem

_EPILOG = "Global options work before and after a command. Each has an environment variable: SPIDERCLI_ and its name."


class _Root(typer.core.TyperGroup):
    """The root command. typer would turn Ctrl-C into an exit code without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise interrupted() from error


app = typer.Typer(
    name="spidercli",
    cls=_Root,
    help="Make Spiderpool's IP pools match the ENI addresses of an Alibaba Cloud Kubernetes cluster.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames would print credentials
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        ctx.obj.output.text(f"spidercli {spidercli.__version__}")
        raise typer.Exit


ConfigFile = Annotated[
    str | None,
    typer.Option("--config", "-c", metavar="FILE", help="Configuration file (default: ./spidercli.yaml if it exists)."),
]
Region = Annotated[str | None, typer.Option(help="Region id, for example cn-hangzhou.")]
Vpc = Annotated[str | None, typer.Option(help="VPC id; found through the nodes when left out.")]
Profile = Annotated[
    str | None, typer.Option(help="Profile of ~/.aliyun/config.json; beats credentials from the environment.")
]
Source = Annotated[str | None, typer.Option(metavar="openapi|metadata", help="Where the cloud's facts come from.")]
InventoryFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Facts from a saved inventory: no account needed.")
]
Templates = Annotated[
    str | None, typer.Option(metavar="DIR", help="Templates that replace built-in ones of the same name.")
]
Kubeconfig = Annotated[
    str | None, typer.Option(metavar="FILE", help="Kubeconfig (default: KUBECONFIG, then ~/.kube/config).")
]
KubeContext = Annotated[str | None, typer.Option(help="Context of the kubeconfig.")]
EcsEndpoint = Annotated[
    str | None, typer.Option(metavar="HOST[:PORT]", help="ECS endpoint; https unless http:// and loopback.")
]
VpcEndpoint = Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="VPC endpoint.")]
StsEndpoint = Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="STS endpoint.")]
MetadataEndpoint = Annotated[str | None, typer.Option(metavar="URL", help="Instance metadata endpoint.")]
Form = Annotated[
    str | None, typer.Option("--output", "-o", metavar="table|wide|json|yaml|name", help="Form of the result.")
]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Tell more; twice for API calls.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Tell results, warnings and errors only.")]
Color = Annotated[str | None, typer.Option(metavar="auto|always|never", help="Colour.")]
Timeout = Annotated[
    str | None,
    typer.Option(
        metavar="90s|5m",
        help="Total time; what fails is tried again for as long. Without it, or with 0, there is no limit in total, "
        "and each call is tried again for about a minute.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Act without asking.")]
Scenario = Annotated[
    str | None,
    typer.Option(metavar="[=SCENARIO]", help="Run against an embedded cloud and cluster; nothing real is touched."),
]
Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
]


@app.callback()
def root(
    ctx: typer.Context,
    config: ConfigFile = None,
    region: Region = None,
    vpc: Vpc = None,
    profile: Profile = None,
    source: Source = None,
    inventory: InventoryFile = None,
    templates: Templates = None,
    kubeconfig: Kubeconfig = None,
    context: KubeContext = None,
    ecs_endpoint: EcsEndpoint = None,
    vpc_endpoint: VpcEndpoint = None,
    sts_endpoint: StsEndpoint = None,
    metadata_endpoint: MetadataEndpoint = None,
    output: Form = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
    color: Color = None,
    timeout: Timeout = None,
    yes: Yes = False,
    sandbox: Scenario = None,
    version: Version = False,
) -> None:
    """Collect the global options; nothing is read or contacted before a command needs it."""
    flags = {key: value for key, value in locals().items() if key not in ("ctx", "sandbox", "version")}
    given = {key: value for key, value in flags.items() if value not in (None, False, 0)}
    ctx.obj.begin(given, sandbox=sandbox)


app.command("bootstrap")(bootstrap.bootstrap)
app.add_typer(pools.app, name="pools")
app.add_typer(multus.app, name="multus")
app.add_typer(nodes.app, name="nodes")
app.add_typer(ccm.app, name="ccm")
app.command("inventory")(inventory.inventory)
app.command("export")(export.export)
app.command("init")(init.init)
app.add_typer(config.app, name="config")
app.add_typer(sandbox.app, name="sandbox")
app.command("version")(version.version)


def run(argv: Sequence[str], invocation: Invocation) -> int:
    """Run the command that these words name.

    Returns:
        Its exit code.

    Raises:
        UsageProblem: the words make no sense.
        SpiderError: the command failed.
    """
    command = _command()
    front, rest = hoist(argv, command)
    invocation.expect_form(value_of(("--output", "-o"), front))
    try:
        outcome = command([*front, *rest], prog_name="spidercli", standalone_mode=False, obj=invocation)
    except typer.TyperException as error:
        message = error.format_message()
        if message:
            raise UsageProblem(message, hint=_meant(argv) or f"see {_place(error)} --help") from error
        outcome = ExitCode.OK  # help was printed
    invocation.output.stdout.flush()  # here, where a closed pipe is no surprise
    return int(outcome or ExitCode.OK)


@functools.cache
def _command() -> Any:
    """The command that typer makes of `app`; it takes as long as all of the rest of `--help`, so it is made once."""
    root_command = typer.main.get_command(app)
    _point_to_global_options(root_command)
    _take_no_value(root_command)
    return root_command


def _point_to_global_options(group: Any) -> None:
    """Say under the help of every command where -o, --yes, --sandbox and the like are told."""
    for command in getattr(group, "commands", {}).values():
        command.epilog = command.epilog or "Global options, such as -o, -c, --yes and --sandbox: spidercli --help"
        _point_to_global_options(command)


def _take_no_value(command: Any, parent: Any = None) -> None:
    """Show no type for the flags of a command and of those below it, as if a value could follow them."""
    context = command.context_class(command, parent=parent, **command.context_settings)
    for option in command.get_params(context):
        if getattr(option, "is_flag", False) or getattr(option, "count", False):
            option.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        _take_no_value(inner, context)


def _meant(argv: Sequence[str]) -> str | None:
    """What helps against the name of a scenario that became an argument or a command."""
    word = strayed_scenario(argv)
    if word is None:
        return None
    from spidercli.sandbox import scenarios

    return f"did you mean --sandbox={word}?" if word in scenarios.NAMES else None


def _place(error: typer.TyperException) -> str:
    """The command whose words are wrong, for example "spidercli pools diff"."""
    context = getattr(error, "ctx", None)
    return context.command_path if context else "spidercli"
