"""A whole provider: greetings, kept in a dict that stands for a cloud."""
from capstan import ExternalResource, Observation, ResourceContext

CLOUD: dict[str, str] = {}  # uid -> text


class Greeting(ExternalResource):
    kind = "Greeting"

    def observe(self, resource: ResourceContext) -> Observation | None:
        text = CLOUD.get(resource.uid)
        if text is None:
            return None
        return Observation(up_to_date=text == resource.for_provider["text"],
                           at_provider={"text": text})

    def create(self, resource: ResourceContext) -> None:
        CLOUD[resource.uid] = resource.for_provider["text"]

    def update(self, resource: ResourceContext, observation: Observation) -> None:
        self.create(resource)

    def delete(self, resource: ResourceContext) -> None:
        CLOUD.pop(resource.uid, None)
