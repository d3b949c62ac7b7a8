"""Everything that can go wrong and be told to a user, in one tree.

SpiderError
├── UsageProblem                 a wrong use of the command line                       exit 64
├── ConfigInvalid                spidercli.yaml, an environment variable or a flag      exit 64
├── TemplateInvalid              a template of ours or an override                      exit 64
├── DocumentInvalid              a saved inventory                                      exit 64
├── FactsInvalid                 cloud and cluster contradict each other                exit 1
│   ├── NodeUnknown              no instance for a node
│   ├── NodeAmbiguous            more than one instance for a node, or a contradiction
│   ├── AddressClaimedTwice      one address on two ENIs
│   └── FamilyGap                IPv6 on some NICs only
├── CloudError                   Alibaba Cloud said no, or did not answer               exit 1
│   ├── EniLimitReached
│   ├── VSwitchExhausted
│   ├── Throttled
│   ├── CloudUnreachable
│   ├── CloudAnswerInvalid
│   ├── MetadataUnavailable
│   ├── CredentialsMissing                                                              exit 4
│   ├── CredentialsRejected                                                             exit 4
│   └── PermissionMissing                                                               exit 4
├── ClusterError                 Kubernetes said no, or did not answer                  exit 1
│   ├── ClusterUnreachable
│   ├── ClusterUnauthorized                                                             exit 4
│   ├── ClusterForbidden                                                                exit 4
│   ├── KindMissing
│   ├── WriteRefused
│   │   └── AddressInUse
│   ├── WriteConflict
│   └── RunInProgress
├── GuardTripped                 the plan would take away more than is allowed          exit 1
├── ApplyIncomplete              some changes of a plan were not made                   exit 1
├── TimedOut                     --timeout was over before the work was                 exit 1
├── ResultLost                   nobody takes the command's result                      exit 1
├── InternalError                a mistake of ours                                      exit 1
├── Declined                     the answer was no, or nobody could be asked            exit 130
└── Interrupted                  Ctrl-C                                                 exit 130
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """The exit codes of every command; README has the same table."""

    OK = 0
    FAILED = 1
    CHANGES = 2
    FINDINGS = 3
    DENIED = 4
    USAGE = 64
    INTERRUPTED = 130


class SpiderError(Exception):
    """A problem with one clear message: what happened, to which object, and what to do next."""

    code = "SPC000"
    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.request_id = request_id

    def as_dict(self) -> dict[str, str]:
        """The error as `-o json` prints it; keys without a value are left out."""
        fields = {"code": self.code, "message": self.message, "hint": self.hint, "requestId": self.request_id}
        return {key: value for key, value in fields.items() if value is not None}


class UsageProblem(SpiderError):
    """The command line asks for something that makes no sense."""

    code = "SPC001"
    exit_code = ExitCode.USAGE


class ConfigInvalid(SpiderError):
    """A configuration value can't be used; the message starts with FILE:LINE or the flag's name."""

    code = "SPC010"
    exit_code = ExitCode.USAGE


class TemplateInvalid(SpiderError):
    """A template does not compile, does not render or does not give YAML; the message starts with FILE:LINE."""

    code = "SPC020"
    exit_code = ExitCode.USAGE


class DocumentInvalid(SpiderError):
    """A file that we read back is not what we wrote; the message starts with FILE or FILE:LINE."""

    code = "SPC030"
    exit_code = ExitCode.USAGE


class FactsInvalid(SpiderError):
    """The facts contradict each other, so nothing can be planned on them."""

    code = "SPC200"


class NodeUnknown(FactsInvalid):
    """A Kubernetes node has no instance among those that were read."""

    code = "SPC201"


class NodeAmbiguous(FactsInvalid):
    """A Kubernetes node has more than one instance, or its facts point to different ones."""

    code = "SPC202"


class AddressClaimedTwice(FactsInvalid):
    """One address is listed by two ENIs."""

    code = "SPC203"


class FamilyGap(FactsInvalid):
    """Some NICs have, or would have, an IP family that others lack: Spiderpool needs it for all or for none."""

    code = "SPC204"


class CloudError(SpiderError):
    """Alibaba Cloud refused a call."""

    code = "SPC300"


class EniLimitReached(CloudError):
    """The instance type carries no more ENIs or addresses."""

    code = "SPC301"


class VSwitchExhausted(CloudError):
    """The vSwitch has no free addresses left."""

    code = "SPC302"


class Throttled(CloudError):
    """The account's call quota stayed exhausted for longer than we retry."""

    code = "SPC303"


class CloudUnreachable(CloudError):
    """No answer from an Alibaba Cloud endpoint."""

    code = "SPC304"
    refused_at = ""  # HOST[:PORT] where nobody listens, if that is why


class CloudAnswerInvalid(CloudError):
    """An answer from Alibaba Cloud lacks something that its API promises."""

    code = "SPC305"


class MetadataUnavailable(CloudError):
    """The instance metadata service does not answer: this is not an ECS instance, or access is closed."""

    code = "SPC306"


class CredentialsMissing(CloudError):
    """The credential chain found nothing."""

    code = "SPC310"
    exit_code = ExitCode.DENIED


class CredentialsRejected(CloudError):
    """The credentials are wrong or expired."""

    code = "SPC311"
    exit_code = ExitCode.DENIED


class PermissionMissing(CloudError):
    """RAM does not allow the call; the message names the action."""

    code = "SPC312"
    exit_code = ExitCode.DENIED


class ClusterError(SpiderError):
    """The Kubernetes API refused a call."""

    code = "SPC400"


class ClusterUnreachable(ClusterError):
    """No answer from the Kubernetes API, or no kubeconfig to find it with."""

    code = "SPC401"
    refused_at = ""  # HOST[:PORT] where nobody listens, if that is why

    def __init__(self, message: str, *, hint: str | None = None, in_doubt: bool = False) -> None:
        """Describe it; `in_doubt` says that what was asked for may have been done all the same."""
        super().__init__(message, hint=hint)
        self.in_doubt = in_doubt


class ClusterUnauthorized(ClusterError):
    """The Kubernetes API does not know who we are."""

    code = "SPC402"
    exit_code = ExitCode.DENIED


class ClusterForbidden(ClusterError):
    """RBAC does not allow the call; the message names verb and resource."""

    code = "SPC403"
    exit_code = ExitCode.DENIED


class KindMissing(ClusterError):
    """The cluster does not serve a kind that we need: Spiderpool is not installed."""

    code = "SPC404"


class WriteRefused(ClusterError):
    """Validation or a webhook refused one object; trying again would not help."""

    code = "SPC405"


class AddressInUse(WriteRefused):
    """Spiderpool's webhook refused to take away an address that a pod holds; the message names both."""

    code = "SPC407"


class WriteConflict(ClusterError):
    """The object is not what it was when we read it; reading again and planning again would help."""

    code = "SPC406"


class RunInProgress(ClusterError):
    """Another run holds the Lease."""

    code = "SPC410"


class GuardTripped(SpiderError):
    """The plan would take away more than the limits allow, so nothing was written."""

    code = "SPC500"


class ApplyIncomplete(SpiderError):
    """Some changes of the plan were not made; the report lists them."""

    code = "SPC501"


class TimedOut(SpiderError):
    """The time that --timeout gives was over; what was done is listed, and the next run finishes the rest."""

    code = "SPC504"


class PlanOutdated(SpiderError):
    """Cluster or cloud are not any more as they were when the plan was made, so nothing was written."""

    code = "SPC506"


class ResultLost(SpiderError):
    """Standard output can't be written to, for example because its disk is full."""

    code = "SPC505"


class InternalError(SpiderError):
    """Something that should be impossible; the message names the exception, and -vv shows where it came from."""

    code = "SPC999"


class Declined(SpiderError):
    """The question was answered with no, or there was nobody to ask."""

    code = "SPC502"
    exit_code = ExitCode.INTERRUPTED


class Interrupted(SpiderError):
    """The run was stopped on request; what was done is listed, and the next run finishes the rest."""

    code = "SPC503"
    exit_code = ExitCode.INTERRUPTED
